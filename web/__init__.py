"""The Flask front end: one blueprint per noun."""
