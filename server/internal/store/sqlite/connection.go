package sqlite

import (
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
)

// connection is a connection and the statements prepared on it. The library keeps statements too,
// but clears their parameters each time, and SQLite then plans many of them anew: a look-up
// that takes 3 µs takes 30. Here parameters are only written over.
type connection struct {
	*sqlite.Conn
	prepared map[string]*sqlite.Stmt // by query
}

// run executes a statement, prepared once per connection, and calls row for each result row. All
// parameters must be given. A bare parameter after LIMIT would make SQLite plan the statement
// again each time it is bound, so it is written "? + 0".
func run(c *connection, query string, row func(*sqlite.Stmt) error, args ...any) (err error) {
	stmt, err := c.statement(query)
	if err != nil {
		return err
	}
	if stmt.BindParamCount() != len(args) {
		return fmt.Errorf("%d parameters for %q", len(args), query)
	}
	for i, arg := range args {
		if err := bind(stmt, i+1, arg); err != nil {
			return fmt.Errorf("%w of %q", err, query)
		}
	}
	defer func() { err = errors.Join(err, resetAfter(stmt, err)) }()
	for {
		more, err := stmt.Step()
		if err != nil || !more {
			return err
		}
		if row == nil {
			continue
		}
		if err := row(stmt); err != nil {
			return err
		}
	}
}

// resetAfter makes a statement ready for its next run. After a failure SQLite tells it once more,
// which is no news.
func resetAfter(stmt *sqlite.Stmt, failed error) error {
	if err := stmt.Reset(); failed == nil {
		return err
	}
	return nil
}

func (c *connection) statement(query string) (*sqlite.Stmt, error) {
	if stmt, ok := c.prepared[query]; ok {
		return stmt, nil
	}
	stmt, err := c.Prepare(query)
	if err != nil {
		return nil, err
	}
	c.prepared[query] = stmt
	return stmt, nil
}

// bind sets a parameter to a value of one of the types that are used here.
func bind(stmt *sqlite.Stmt, param int, value any) error {
	switch v := value.(type) {
	case nil:
		stmt.BindNull(param)
	case string:
		stmt.BindText(param, v)
	case int:
		stmt.BindInt64(param, int64(v))
	case int64:
		stmt.BindInt64(param, v)
	case bool:
		stmt.BindBool(param, v)
	case float64:
		stmt.BindFloat(param, v)
	default:
		return fmt.Errorf("parameter %d is a %T", param, value)
	}
	return nil
}
