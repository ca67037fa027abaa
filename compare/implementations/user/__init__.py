"""What a user brings: functions, torch modules, arrays and files of gradients."""
