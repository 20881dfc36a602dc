#pragma once

// For cpprest_transport.cpp alone: with cpprest_exchange.h the only headers of ours that show the library's
// types.
#define _TURN_OFF_PLATFORM_STRING  // the macro U breaks fmt and Boost
// clang-format off
#include <utility>  // before pplx: Boost 1.74 uses std::exchange without including it
#include <cpprest/http_client.h>
// clang-format on

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

namespace pagehaul::http {

namespace streams = concurrency::streams;

/// Runs continuations where their antecedent completed, instead of another hop through the pool. Everything
/// of ours that runs in them is short and never blocks.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"  // the base's fault; held by shared_ptr of the exact type
class InlineScheduler final : public pplx::scheduler_interface {
  public:
    void schedule(pplx::TaskProc_t run, void* with) override { run(with); }
};
#pragma GCC diagnostic pop

inline pplx::task_options inline_options() {
    static const auto scheduler = std::make_shared<InlineScheduler>();
    return pplx::task_options(pplx::scheduler_ptr(scheduler));
}

/// A stream buffer that refuses everything; the two below override the little that the client uses.
class RefusingBuffer : public streams::details::streambuf_state_manager<std::uint8_t> {
  public:
    bool can_seek() const override { return false; }
    bool has_size() const override { return false; }
    std::size_t buffer_size(std::ios_base::openmode) const override { return 0; }
    void set_buffer_size(std::size_t, std::ios_base::openmode) override {}
    std::size_t in_avail() const override { return 0; }
    pos_type getpos(std::ios_base::openmode) const override { return traits::eof(); }
    pos_type seekpos(pos_type, std::ios_base::openmode) override { return traits::eof(); }
    pos_type seekoff(off_type, std::ios_base::seekdir, std::ios_base::openmode) override {
        return traits::eof();
    }
    bool acquire(std::uint8_t*& at, std::size_t& count) override {
        at = nullptr;
        count = 0;
        return false;
    }
    void release(std::uint8_t*, std::size_t) override {}

  protected:
    using streambuf_state_manager::streambuf_state_manager;
    pplx::task<int_type> _putc(std::uint8_t) override { return nothing(); }
    pplx::task<std::size_t> _putn(const std::uint8_t*, std::size_t) override { return none(); }
    pplx::task<int_type> _bumpc() override { return nothing(); }
    int_type _sbumpc() override { return traits::eof(); }
    pplx::task<int_type> _getc() override { return nothing(); }
    int_type _sgetc() override { return traits::eof(); }
    pplx::task<int_type> _nextc() override { return nothing(); }
    pplx::task<int_type> _ungetc() override { return nothing(); }
    pplx::task<std::size_t> _getn(std::uint8_t*, std::size_t) override { return none(); }
    std::size_t _scopy(std::uint8_t*, std::size_t) override { return 0; }
    pplx::task<bool> _sync() override { return pplx::task_from_result(true, inline_options()); }
    std::uint8_t* _alloc(std::size_t) override { return nullptr; }
    void _commit(std::size_t) override {}

  private:
    static pplx::task<int_type> nothing() { return pplx::task_from_result<int_type>(traits::eof()); }
    static pplx::task<std::size_t> none() { return pplx::task_from_result<std::size_t>(0); }
};

/// The request body, read in place. Rewinds, so that the client can send it again on a fresh connection.
class RequestBuffer final : public RefusingBuffer {
  public:
    explicit RequestBuffer(std::string bytes) : RefusingBuffer(std::ios_base::in), bytes_(std::move(bytes)) {}
    bool can_seek() const override { return true; }
    pos_type getpos(std::ios_base::openmode) const override { return static_cast<pos_type>(at_); }
    pos_type seekpos(pos_type to, std::ios_base::openmode) override {
        at_ = std::min(static_cast<std::size_t>(to), bytes_.size());
        return static_cast<pos_type>(at_);
    }
    pplx::task<std::size_t> getn(std::uint8_t* to, std::size_t count) override {
        count = std::min(count, bytes_.size() - at_);
        std::memcpy(to, bytes_.data() + at_, count);
        at_ += count;
        return pplx::task_from_result(count, inline_options());
    }

  private:
    const std::string bytes_;
    std::size_t at_ = 0;
};

}  // namespace pagehaul::http
