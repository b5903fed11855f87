"""What runs behind service tasks: one topic, one file, one function."""
