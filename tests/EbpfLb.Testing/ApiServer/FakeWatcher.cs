using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace EbpfLb.Testing.ApiServer;

/// <summary>Answers watches: the past since a version, then what happens, bookmarks, and orders of the test.</summary>
internal sealed class FakeWatcher(
    FakeApiServerOptions options, FakeStore store, FakeWatches watches, FakeFaults faults, CancellationToken stopping)
{
    public async Task AnswerAsync(HttpContext context, FakeResource resource)
    {
        var query = context.Request.Query;
        string labels = query["labelSelector"].ToString(), fields = query["fieldSelector"].ToString();
        if (FakeSelector.Parse(labels, fields, FakeLists.FieldsOf(options, resource), out var unknown) is not { } selector)
        {
            await FakeAnswers.WriteAsync(context, FakeStatus.UnknownField(resource, labels, fields, unknown));
            return;
        }
        var isStreaming = query["sendInitialEvents"] == "true";
        if (isStreaming && options.StreamingLists == StreamingListSupport.Refused)
        {
            await FakeAnswers.WriteAsync(context, FakeStatus.NoStreamingLists);
            return;
        }
        var (initial, version) = store.Snapshot(resource);
        var fromNow = query["resourceVersion"].ToString() is "" or "0";
        var from = fromNow ? version : ulong.Parse(query["resourceVersion"].ToString(), CultureInfo.InvariantCulture);
        using var subscription = store.Subscribe(from);
        context.Response.ContentType = "application/json";
        if (subscription is null)
        {
            await ExpiredAsync(context, from);
            return;
        }
        var lines = new FakeWatchLines(context.Response.Body, resource, selector);
        var orders = watches.Add();
        try
        {
            await context.Response.StartAsync(context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            if (fromNow && !faults.SilentWatches) await lines.WriteInitialAsync(initial.Values);
            if (isStreaming && options.StreamingLists == StreamingListSupport.Supported && !faults.SilentWatches)
                await EndInitialAsync(context, lines, version);
            await RunAsync(context,
                new FakeWatchRun(
                    lines, subscription, orders.Reader, query["allowWatchBookmarks"] == "true", Seconds(query["timeoutSeconds"])));
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or the server stops.
            context.Abort();
        }
        finally
        {
            watches.Remove(orders);
        }
    }

    /// <summary>The end of the collection; or the connection breaks before, when that is ordered for a list.</summary>
    private async Task EndInitialAsync(HttpContext context, FakeWatchLines lines, ulong version)
    {
        if (faults.TakeListCut())
        {
            context.Abort();
            throw new OperationCanceledException("cut before the end of the collection");
        }
        await lines.WriteBookmarkAsync(version, isInitialEnd: true);
    }

    private async Task RunAsync(HttpContext context, FakeWatchRun run)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        using var ends = new CancellationTokenSource(run.Timeout);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(over.Token, ends.Token);
        var bookmark = options.BookmarkInterval is { } interval ? Task.Delay(interval, any.Token) : null;
        Task<bool> change = run.Subscription.Changes.WaitToReadAsync(any.Token).AsTask(),
        order = run.Orders.WaitToReadAsync(any.Token).AsTask();
        while (true)
        {
            var first = await Task.WhenAny(bookmark is null ? [change, order] : [change, order, bookmark]);
            if (ends.IsCancellationRequested) return;
            over.Token.ThrowIfCancellationRequested();
            if (first == change)
            {
                // With silence ordered, what happens stays in the channel for nobody to see.
                while (run.Subscription.Changes.TryRead(out var happened))
                {
                    if (!faults.SilentWatches) await run.Lines.WriteAsync(happened);
                }
                change = run.Subscription.Changes.WaitToReadAsync(any.Token).AsTask();
            }
            else if (first == order)
            {
                while (run.Orders.TryRead(out var what))
                {
                    if (!await ObeyAsync(context, run, what)) return;
                }
                order = run.Orders.WaitToReadAsync(any.Token).AsTask();
            }
            else
            {
                await ObeyAsync(context, run, FakeWatchOrder.Bookmark);
                bookmark = Task.Delay(options.BookmarkInterval!.Value, any.Token);
            }
        }
    }

    /// <summary>Returns whether the watch goes on.</summary>
    private async Task<bool> ObeyAsync(HttpContext context, FakeWatchRun run, FakeWatchOrder order)
    {
        switch (order)
        {
            case FakeWatchOrder.Bookmark:
                if (run.Bookmarks && !faults.SilentWatches) await run.Lines.WriteBookmarkAsync(store.Version);
                return true;
            case FakeWatchOrder.Garbage:
                await run.Lines.WriteRawAsync("<html>proxy error</html>\n"u8.ToArray());
                return true;
            case FakeWatchOrder.Expire:
                await run.Lines.WriteErrorAsync(FakeStatus.TooOld(0, store.Version));
                return false;
            case FakeWatchOrder.CutMidLine:
                await run.Lines.WriteRawAsync(Encoding.UTF8.GetBytes("{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Serv"));
                context.Abort();
                return false;
            case FakeWatchOrder.Cut:
                context.Abort();
                return false;
            default:
                return false;
        }
    }

    private async Task ExpiredAsync(HttpContext context, ulong from)
    {
        var status = FakeStatus.TooOld(from, store.Version);
        if (faults.ExpiredAsStatus) await FakeAnswers.WriteAsync(context, status);
        else await new FakeWatchLines(context.Response.Body, FakeResource.Services, null).WriteErrorAsync(status);
    }

    private static TimeSpan Seconds(string? text)
        => int.TryParse(text, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromMinutes(30);

    private sealed record FakeWatchRun(
        FakeWatchLines Lines, FakeSubscription Subscription, System.Threading.Channels.ChannelReader<FakeWatchOrder> Orders, bool Bookmarks,
        TimeSpan Timeout);
}
