"""Code templates that come with the platform. Each folder has a ``template.yaml`` that says what it makes and of which
variables; the files beside it are templates of Jinja."""
