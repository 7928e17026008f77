"""What leaves by mail: letters to reporters, sent by SMTP."""
