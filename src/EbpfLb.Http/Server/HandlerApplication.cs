using EbpfLb.Timing;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EbpfLb.Http.Server;

/// <summary>Hands requests to a handler, and knows when the last one has been answered.</summary>
internal sealed class HandlerApplication(RequestDelegate handler) : IHttpApplication<HttpContext>
{
    /// <summary>Kestrel does not wait for handlers when it is told to stop at once; what they read may be gone a moment later.</summary>
    public static TimeSpan LongestDrain { get; } = TimeSpan.FromSeconds(20);

    private readonly Lock gate = new();
    private readonly TaskCompletionSource drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int running;
    private bool isClosed;

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public async Task ProcessRequestAsync(HttpContext context)
    {
        if (!TryBegin())
        {
            context.Abort();
            return;
        }
        try
        {
            await ConnectionLimiter.AnswerAsync(context, handler);
        }
        finally
        {
            End();
        }
    }

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    /// <summary>
    /// From now on nothing is answered; ends when nothing is being answered, or after <see cref="LongestDrain"/>. False: something still
    /// is.
    /// </summary>
    public async Task<bool> DrainAsync(TimeProvider time)
    {
        lock (gate)
        {
            isClosed = true;
            if (running == 0) return true;
        }
        using var stop = new CancellationTokenSource();
        var isDrained = await Task.WhenAny(drained.Task, time.DelayAsync(LongestDrain, stop.Token)) == drained.Task;
        await stop.CancelAsync();
        return isDrained;
    }

    private bool TryBegin()
    {
        lock (gate)
        {
            if (isClosed) return false;
            running++;
            return true;
        }
    }

    private void End()
    {
        lock (gate)
        {
            if (--running > 0 || !isClosed) return;
        }
        drained.TrySetResult();
    }
}
