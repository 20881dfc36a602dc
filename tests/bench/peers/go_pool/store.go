package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

type store struct {
	pool *pgxpool.Pool
	sql  string
}

func newStore(pool *pgxpool.Pool, table string) *store {
	return &store{pool: pool, sql: statement(table)}
}

// upsert stores a page with one statement, which pgx prepares once a connection: an array a column, not a parameter a
// value (with 2,100 of them this pool was a sixth slower).
func (s *store) upsert(ctx context.Context, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	page := newPage(len(rows))
	for i := range rows {
		if err := page.add(&rows[i]); err != nil {
			return fmt.Errorf("creativity %d: %w", rows[i].CreativityID, err)
		}
	}
	_, err := s.pool.Exec(ctx, s.sql, page.arrays()...)
	return err
}

// The columns in the order of page.arrays, with the type that is sent and, where the server parses a text, the cast.
var columns = []struct{ name, sent, cast string }{
	{"advertiser_id", "bigint", ""},
	{"date", "text", "::date"},
	{"creativity_id", "bigint", ""},
	{"campaign_id", "bigint", ""},
	{"unit_id", "bigint", ""},
	{"campaign_name", "text", ""},
	{"unit_name", "text", ""},
	{"creativity_name", "text", ""},
	{"image", "text", ""},
	{"note_id", "text", ""},
	{"placement", "integer", ""},
	{"fee", "text", "::numeric"},
	{"impression", "bigint", ""},
	{"click", "bigint", ""},
	{"ctr", "text", "::numeric"},
	{"acp", "text", "::numeric"},
	{"cpm", "text", "::numeric"},
	{"like", "bigint", ""},
	{"comment", "bigint", ""},
	{"collect", "bigint", ""},
	{"updated_at", "text", "::timestamp"},
}

var key = map[string]bool{"advertiser_id": true, "creativity_id": true}

func statement(table string) string {
	var names, values, arrays, changes []string
	for i, column := range columns {
		name := `"` + column.name + `"`
		names = append(names, name)
		values = append(values, name+column.cast)
		arrays = append(arrays, "$"+strconv.Itoa(i+1)+"::"+column.sent+"[]")
		if !key[column.name] {
			changes = append(changes, name+" = EXCLUDED."+name)
		}
	}
	list := strings.Join(names, ", ")
	return fmt.Sprintf(`INSERT INTO %s (%s) SELECT %s FROM unnest(%s) AS page (%s)
ON CONFLICT ("advertiser_id", "creativity_id") DO UPDATE SET %s`,
		table, list, strings.Join(values, ", "), strings.Join(arrays, ", "), list, strings.Join(changes, ", "))
}

// page holds the rows column by column. Decimals, dates and times go as text: the server parses them.
type page struct {
	advertiserID, creativityID, campaignID, unitID, impression, click, like, comment, collect []int64
	placement                                                                                 []int32
	date, campaignName, unitName, creativityName, image, noteID, updatedAt                    []string
	fee, ctr, acp, cpm                                                                        []*string
}

func newPage(rows int) *page {
	integers := func() []int64 { return make([]int64, 0, rows) }
	texts := func() []string { return make([]string, 0, rows) }
	decimals := func() []*string { return make([]*string, 0, rows) }
	return &page{
		integers(), integers(), integers(), integers(), integers(), integers(), integers(), integers(), integers(),
		make([]int32, 0, rows),
		texts(), texts(), texts(), texts(), texts(), texts(), texts(),
		decimals(), decimals(), decimals(), decimals(),
	}
}

func (p *page) arrays() []any {
	return []any{p.advertiserID, p.date, p.creativityID, p.campaignID, p.unitID, p.campaignName, p.unitName, p.creativityName,
		p.image, p.noteID, p.placement, p.fee, p.impression, p.click, p.ctr, p.acp, p.cpm, p.like, p.comment, p.collect,
		p.updatedAt}
}

var (
	money = strings.NewReplacer("￥", "", ",", "")
	comma = strings.NewReplacer(",", "")
)

func (p *page) add(r *row) error {
	var failed error
	integer := func(column *[]int64, text string) {
		number, err := strconv.ParseInt(comma.Replace(text), 10, 64)
		if err != nil {
			failed = err
		}
		*column = append(*column, number)
	}
	decimal := func(column *[]*string, text string) {
		if text == "-" {
			*column = append(*column, nil)
			return
		}
		text = strings.TrimSuffix(money.Replace(text), "%")
		*column = append(*column, &text)
	}
	p.advertiserID = append(p.advertiserID, r.AdvertiserID)
	p.date = append(p.date, r.Date)
	p.creativityID = append(p.creativityID, r.CreativityID)
	integer(&p.campaignID, r.CampaignID)
	integer(&p.unitID, r.UnitID)
	p.campaignName = append(p.campaignName, r.CampaignName)
	p.unitName = append(p.unitName, r.UnitName)
	p.creativityName = append(p.creativityName, r.CreativityName)
	p.image = append(p.image, r.Image)
	p.noteID = append(p.noteID, r.NoteID)
	p.placement = append(p.placement, r.Placement)
	decimal(&p.fee, r.Fee)
	integer(&p.impression, r.Impression)
	integer(&p.click, r.Click)
	decimal(&p.ctr, r.CTR)
	decimal(&p.acp, r.ACP)
	decimal(&p.cpm, r.CPM)
	integer(&p.like, r.Like)
	integer(&p.comment, r.Comment)
	integer(&p.collect, r.Collect)
	p.updatedAt = append(p.updatedAt, r.UpdatedAt)
	return failed
}
