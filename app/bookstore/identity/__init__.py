"""What accounts of every kind share: passwords, second factors, sessions, and limits of guessing."""
