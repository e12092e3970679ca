"""Who may talk to this server, and from where: the local token, sign-in links, sessions, hosts and origins."""
