"""A Salesforce of our own: the REST API that the sync uses, rule by rule, in a process of its own.

The demo writes to it, so it is shipped; the tests drive it, and break it on purpose.
"""
