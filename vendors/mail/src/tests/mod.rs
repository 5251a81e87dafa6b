mod compose;
mod parts;
