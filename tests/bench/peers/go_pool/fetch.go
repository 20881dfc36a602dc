package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const attempts = 5

// row is a record as the API sends it.
type row struct {
	AdvertiserID   int64  `json:"advertiser_id"`
	Date           string `json:"date"`
	CreativityID   int64  `json:"creativity_id"`
	CampaignID     string `json:"campaign_id"`
	UnitID         string `json:"unit_id"`
	CampaignName   string `json:"campaign_name"`
	UnitName       string `json:"unit_name"`
	CreativityName string `json:"creativity_name"`
	Image          string `json:"image"`
	NoteID         string `json:"note_id"`
	Placement      int32  `json:"placement"`
	Fee            string `json:"fee"`
	Impression     string `json:"impression"`
	Click          string `json:"click"`
	CTR            string `json:"ctr"`
	ACP            string `json:"acp"`
	CPM            string `json:"cpm"`
	Like           string `json:"like"`
	Comment        string `json:"comment"`
	Collect        string `json:"collect"`
	UpdatedAt      string `json:"updated_at"`
}

type envelope struct {
	Code    int    `json:"code"`
	Message string `json:"msg"`
	Data    struct {
		Rows  []row `json:"data_list"`
		Total int   `json:"total_count"`
	} `json:"data"`
}

type fetcher struct {
	client *http.Client
	url    string
	token  string
}

// page asks for one page, again after a pause when it fails.
func (f *fetcher) page(ctx context.Context, number int) (rows []row, total int, err error) {
	for attempt := range attempts {
		if rows, total, err = f.try(ctx, number); err == nil {
			return rows, total, nil
		}
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-time.After(100 * time.Millisecond << attempt):
		}
	}
	return nil, 0, fmt.Errorf("page %d: %w", number, err)
}

func (f *fetcher) try(ctx context.Context, number int) ([]row, int, error) {
	body := fmt.Sprintf(`{"page_num":%d,"page_size":%d}`, number, pageSize)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewBufferString(body))
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Access-Token", f.token)
	response, err := f.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, 0, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, 0, fmt.Errorf("status %d", response.StatusCode)
	}
	var answer envelope
	if err := json.Unmarshal(content, &answer); err != nil {
		return nil, 0, err
	}
	if answer.Code != 0 {
		return nil, 0, fmt.Errorf("code %d: %s", answer.Code, answer.Message)
	}
	return answer.Data.Rows, answer.Data.Total, nil
}
