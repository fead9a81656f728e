"""The product over HTTP: the chat, the interfaces for programs, and what guards both. Nothing here is loaded by the other verbs."""
