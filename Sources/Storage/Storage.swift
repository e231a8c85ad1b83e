// The room is furnished by its feature folders.
