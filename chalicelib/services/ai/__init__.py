"""What AI does for users: drafts, polish, summaries, searches, scores; nobody in person in any prompt."""
