"""The policy's rules, each probed at its boundary with the constants it imports."""
