"""What is due, run: each outlet at its own pace, on one machine or many."""
