"""Queries executed level by level: each field once for all objects of its level, and its batch function called once.

graphql-core executes object by object, with a coroutine, a path and a dataloader's future for each: for a page of tasks
that costs several times what reading it does. Here a document is outlined once, and then only the values are moved.

It is the way of the ordinary. Whatever is not (an error, null where there must be a value, introspection, a value that
its type cannot say) is left to graphql-core, which executes the whole query from the start and words the errors. That
is allowed since reading has no effect; mutations never come here.
"""
