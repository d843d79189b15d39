"""What the user's own history says: how long it takes until people are met again."""
