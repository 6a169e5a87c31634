"""How documents change: one pure function a change, claims in and claims out.

What is not asked for is carried over as it was, unknown fields too. Whether the result
keeps every rule of a document is for `identity.validate` to say, and signing and storing
are the caller's.
"""
