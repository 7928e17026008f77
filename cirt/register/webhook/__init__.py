"""What other systems report by themselves: an event in JSON becomes a report, or a further time of one."""
