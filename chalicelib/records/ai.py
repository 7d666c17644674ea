"""Jobs for AI, what they were given and what came back (category `ai`)."""
