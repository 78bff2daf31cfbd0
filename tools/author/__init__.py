"""The author's path: `make chapter` lays out a chapter, `make page` says what it still lacks."""
