"""The Pub/Sub API of Salesforce on the wire: our own definition, and what protoc makes of it."""
