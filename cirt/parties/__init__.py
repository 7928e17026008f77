"""Who there is: ourselves, peers, persons with their accounts and roles."""
