using System.Net;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using EbpfLb.Timing;

namespace EbpfLb.Kubernetes.Api;

/// <summary>
/// Connects in two steps, so that it is known whether the name servers were silent or the server was. Of several addresses the next is
/// tried when one has failed or been silent for a moment, and the first that answers is used (RFC 8305, "Happy Eyeballs"; Go's dialer).
/// </summary>
internal static class ServerConnector
{
    /// <summary>
    /// How long an address may be silent before the next is tried beside it: Go's and client-go's value (RFC 8305 names 250 ms).
    /// </summary>
    private static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(300);

    /// <param name="resolve">Finds the addresses of a host; an address is its own.</param>
    /// <exception cref="UnresolvedNameException">No addresses, or none before the token was cancelled.</exception>
    /// <exception cref="SocketException">No address could be reached; of the first.</exception>
    public static async ValueTask<Stream> ConnectAsync(
        DnsEndPoint server, Func<string, CancellationToken, Task<IPAddress[]>> resolve, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var addresses = InTurn(await ResolveAsync(server.Host, resolve, cancellationToken));
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var attempts = new List<Task<Socket>>();
        try
        {
            return new NetworkStream(await FirstAsync(addresses, server.Port, attempts, time, others.Token), ownsSocket: true);
        }
        finally
        {
            await others.CancelAsync();
            foreach (var attempt in attempts) _ = CloseAsync(attempt);
        }
    }

    /// <summary>
    /// The addresses with the families by turns, beginning with that of the first (RFC 8305, section 4): a family without a route costs one
    /// delay.
    /// </summary>
    private static List<IPAddress> InTurn(IPAddress[] addresses)
    {
        var first = new Queue<IPAddress>(addresses.Where(a => a.AddressFamily == addresses[0].AddressFamily));
        var second = new Queue<IPAddress>(addresses.Where(a => a.AddressFamily != addresses[0].AddressFamily));
        var all = new List<IPAddress>();
        while (first.Count + second.Count > 0)
        {
            if (first.TryDequeue(out var one)) all.Add(one);
            if (second.TryDequeue(out var other)) all.Add(other);
        }
        return all;
    }

    /// <param name="attempts">Those that are under way; the one that is used is taken out.</param>
    private static async Task<Socket> FirstAsync(
        List<IPAddress> addresses, int port, List<Task<Socket>> attempts, TimeProvider time, CancellationToken cancellationToken)
    {
        ExceptionDispatchInfo? failure = null;
        for (var next = 0; ;)
        {
            if (next < addresses.Count) attempts.Add(ConnectAsync(new IPEndPoint(addresses[next++], port), cancellationToken));
            else if (attempts.Count == 0) failure!.Throw();
            await EndOfOneAsync(attempts, next < addresses.Count, time, cancellationToken);
            if (attempts.Find(a => a.IsCompleted) is not { } done) continue;
            attempts.Remove(done);
            try
            {
                return await done;
            }
            catch (SocketException e)
            {
                failure ??= ExceptionDispatchInfo.Capture(e);
            }
        }
    }

    /// <summary>Waits until an attempt has ended, or until it is time for another one beside.</summary>
    private static async Task EndOfOneAsync(
        List<Task<Socket>> attempts, bool isMore, TimeProvider time, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny([time.DelayAsync(isMore ? AttemptDelay : Timeout.InfiniteTimeSpan, ended.Token), .. attempts]);
        await ended.CancelAsync();
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint server, CancellationToken cancellationToken)
    {
        // A family that the kernel lacks fails here, as an address that cannot be reached.
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(server, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task CloseAsync(Task<Socket> attempt)
    {
        await ((Task)attempt).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (attempt.IsCompletedSuccessfully) (await attempt).Dispose();
    }

    private static async Task<IPAddress[]> ResolveAsync(
        string host, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancellationToken)
    {
        try
        {
            return await resolve(host, cancellationToken) is { Length: > 0 } addresses ? addresses
                : throw new SocketException((int)SocketError.HostNotFound);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ArgumentException)
        {
            throw new UnresolvedNameException(host, e);
        }
    }
}

/// <summary>The server's name led to no address: there is none, or no name server answered in time.</summary>
internal sealed class UnresolvedNameException(string name, Exception inner) : Exception($"no address of {name}", inner);
