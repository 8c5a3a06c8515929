"""The reading room: read-only pages of the archive in Arabic, French and English, for a browser on this machine."""
