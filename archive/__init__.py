"""What is kept: the records, the field contract, MongoDB and its embedded server, queries."""
