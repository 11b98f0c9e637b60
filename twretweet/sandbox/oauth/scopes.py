"""The scopes that an app may ask for, in the words of the page that asks.

Source: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code
"""

from typing import Final

OFFLINE: Final = "offline.access"
"""Without it there is no refresh token."""

MEANINGS: Final = {
    "tweet.read": "See posts that you can see, including those of protected accounts.",
    "tweet.write": "Post, repost and undo reposts for you.",
    "tweet.moderate.write": "Hide and unhide replies to your posts.",
    "users.read": "See accounts that you can see, including protected ones.",
    "users.email": "See your email address.",
    "timeline.read": "See your timelines, and who reposted you.",
    "follows.read": "See whom you follow and who follows you.",
    "follows.write": "Follow and unfollow for you.",
    OFFLINE: "Stay signed in until you revoke its access.",
    "space.read": "See Spaces that you can see.",
    "mute.read": "See whom you have muted.",
    "mute.write": "Mute and unmute for you.",
    "like.read": "See posts that you have liked.",
    "like.write": "Like and unlike for you.",
    "list.read": "See your lists, including private ones.",
    "list.write": "Create and manage lists for you.",
    "block.read": "See whom you have blocked.",
    "block.write": "Block and unblock for you.",
    "bookmark.read": "See your bookmarks.",
    "bookmark.write": "Bookmark posts and remove bookmarks for you.",
    "dm.read": "Read your direct messages.",
    "dm.write": "Send direct messages for you.",
    "media.write": "Upload media for you.",
}
