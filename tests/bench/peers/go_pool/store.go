package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

var columns = []string{
	"advertiser_id", "date", "creativity_id", "campaign_id", "unit_id", "campaign_name", "unit_name", "creativity_name", "image",
	"note_id", "placement", "fee", "impression", "click", "ctr", "acp", "cpm", "like", "comment", "collect", "updated_at",
}

var key = map[string]bool{"advertiser_id": true, "creativity_id": true}

type store struct {
	pool  *pgxpool.Pool
	table string
	texts sync.Map // rows of a page -> its statement
}

// upsert stores a page with one statement, which pgx prepares once a connection and page size.
func (s *store) upsert(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	values := make([]any, 0, len(rows)*len(columns))
	for i := range rows {
		var err error
		if values, err = appendValues(values, &rows[i]); err != nil {
			return fmt.Errorf("creativity %d: %w", rows[i].CreativityID, err)
		}
	}
	text, known := s.texts.Load(len(rows))
	if !known {
		text, _ = s.texts.LoadOrStore(len(rows), statement(s.table, len(rows)))
	}
	_, err := s.pool.Exec(ctx, text.(string), values...)
	return err
}

func statement(table string, rows int) string {
	var sql strings.Builder
	sql.Grow(rows * len(columns) * 6)
	fmt.Fprintf(&sql, `INSERT INTO %s ("%s") VALUES `, table, strings.Join(columns, `", "`))
	for i := range rows {
		if i > 0 {
			sql.WriteByte(',')
		}
		sql.WriteByte('(')
		for j := range columns {
			if j > 0 {
				sql.WriteByte(',')
			}
			sql.WriteByte('$')
			sql.WriteString(strconv.Itoa(i*len(columns) + j + 1))
		}
		sql.WriteByte(')')
	}
	sql.WriteString(` ON CONFLICT ("advertiser_id", "creativity_id") DO UPDATE SET `)
	separator := ""
	for _, column := range columns {
		if !key[column] {
			fmt.Fprintf(&sql, `%s"%s" = EXCLUDED."%s"`, separator, column, column)
			separator = ", "
		}
	}
	return sql.String()
}

var (
	money = strings.NewReplacer("￥", "", ",", "")
	comma = strings.NewReplacer(",", "")
)

// appendValues converts a record to what the columns take. Decimals, dates and times go as text: the server parses them.
func appendValues(values []any, r *row) ([]any, error) {
	var failed error
	integer := func(text string) int64 {
		number, err := strconv.ParseInt(comma.Replace(text), 10, 64)
		if err != nil {
			failed = err
		}
		return number
	}
	decimal := func(text string) any {
		if text == "-" {
			return nil
		}
		return strings.TrimSuffix(money.Replace(text), "%")
	}
	values = append(values, r.AdvertiserID, r.Date, r.CreativityID, integer(r.CampaignID), integer(r.UnitID), r.CampaignName,
		r.UnitName, r.CreativityName, r.Image, r.NoteID, r.Placement, decimal(r.Fee), integer(r.Impression), integer(r.Click),
		decimal(r.CTR), decimal(r.ACP), decimal(r.CPM), integer(r.Like), integer(r.Comment), integer(r.Collect), r.UpdatedAt)
	return values, failed
}
