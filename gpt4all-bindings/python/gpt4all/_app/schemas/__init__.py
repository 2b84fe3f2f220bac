"""What requests and answers of the application's API have in them: the truth that the front end's types are made of."""
