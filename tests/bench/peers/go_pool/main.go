// go_pool is what one writes in an afternoon: a pool of goroutines, each fetches a page and upserts it with one
// multi-row INSERT. The benchmark's peer; honest work, tuned where it is cheap (keep-alive, cached statements, typed
// structs), no ledger, no proof.
//
//	go_pool -api http://127.0.0.1:8080 -dsn postgres://… -table report.creative -workers 16
package main

import (
	"context"
	"flag"
	"log"
	"net/http"
	"os"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

const pageSize = 100

func main() {
	log.SetFlags(0)
	api := flag.String("api", "", "base URL of the report API")
	dsn := flag.String("dsn", "", "PostgreSQL")
	table := flag.String("table", "", "schema.name")
	workers := flag.Int("workers", 16, "goroutines, and connections of the pool")
	flag.Parse()
	if err := run(context.Background(), *api, *dsn, *table, *workers); err != nil {
		log.Print(err)
		os.Exit(1)
	}
}

func run(ctx context.Context, api, dsn, table string, workers int) error {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return err
	}
	config.MaxConns = int32(workers)
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	fetcher := &fetcher{
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}},
		url:    api + "/data/report/offline/creative",
		token:  os.Getenv("ACCESS_TOKEN"),
	}
	store := newStore(pool, table)

	first, total, err := fetcher.page(ctx, 1)
	if err != nil {
		return err
	}
	if err := store.upsert(ctx, first); err != nil {
		return err
	}
	return pull(ctx, fetcher, store, workers, (total+pageSize-1)/pageSize)
}

// pull fetches and stores pages 2..last; the first error ends it.
func pull(ctx context.Context, fetcher *fetcher, store *store, workers, last int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	pages := make(chan int, 2*workers)
	go func() {
		defer close(pages)
		for page := 2; page <= last; page++ {
			select {
			case pages <- page:
			case <-ctx.Done():
				return
			}
		}
	}()
	var group sync.WaitGroup
	for range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			for page := range pages {
				rows, _, err := fetcher.page(ctx, page)
				if err == nil {
					err = store.upsert(ctx, rows)
				}
				if err != nil {
					cancel(err)
					return
				}
			}
		}()
	}
	group.Wait()
	return context.Cause(ctx)
}
