-- name: AddBook :one
INSERT INTO books (title, pages) VALUES (?, ?) RETURNING id, title, pages;

-- name: ListBooks :many
SELECT id, title, pages FROM books ORDER BY title;
