"""Signing in to the sandbox: three-legged OAuth 1.0a, OAuth 2.0 with PKCE, and the app itself.

``app`` says what the app is, ``grants``, ``legs`` keep what was given to whom (pure, time is an
argument), ``judge`` and ``keys`` answer oauthlib's questions, ``oauth1``, ``oauth2`` and
``app_only`` are the endpoints for programs, ``consent`` and ``page`` are for people, ``desk``
finds the endpoint of a path, and ``person`` does what a person does, without a browser.
"""
