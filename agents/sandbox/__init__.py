"""The only place in which code of users is executed: shut off from the network, the home and everything not named."""
