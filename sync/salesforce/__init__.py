"""Salesforce: what is written out to it, and a stand-in for it."""
