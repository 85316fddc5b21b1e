using EbpfLb.Datapath.Clients;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Clients;

/// <summary>
/// Keeps the programs told of the addresses of all network namespaces but the node's own (which the node's state holds). What
/// cannot be read leaves the last good state in force.
/// </summary>
/// <param name="hostCookie">Of the node's network namespace.</param>
internal sealed class ClientKeeper(ClientTable table, ClientReader reader, Func<ulong> hostCookie, TimeProvider time, ILogger logger)
{
    /// <summary>So long a namespace may take from its birth to its first address; many never get one.</summary>
    private static readonly TimeSpan NewNamespaceWindow = TimeSpan.FromSeconds(30);

    /// <summary>Those without an address -> when they were first seen so.</summary>
    private Dictionary<ulong, long> waiting = [];
    private string? reported;

    /// <summary>The last look did not bring everything up to date.</summary>
    public bool HasProblem => reported is not null;

    /// <summary>Reads everything. Returns whether a new namespace waits for its address, so that another look soon may find it.</summary>
    public bool Refresh()
    {
        try
        {
            var clients = reader.Read(hostCookie());
            var result = table.Apply(clients);
            if (result.Written + result.Removed > 0) Log.Clients(logger, clients.Count, result.Written, result.Removed);
            Report(result.Problems.IsEmpty ? null : string.Join("; ", result.Problems));
            var now = time.GetTimestamp();
            waiting = clients.Where(c => c.Value is null or { IsEmpty: true })
                .ToDictionary(c => c.Key, c => waiting.GetValueOrDefault(c.Key, now));
            return waiting.Values.Any(since => time.GetElapsedTime(since, now) < NewNamespaceWindow);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Report(e.Message, e);
            return false;
        }
    }

    private void Report(string? problem, Exception? fault = null)
    {
        if (problem is not null && problem != reported) Log.ClientProblem(logger, fault, problem);
        reported = problem;
    }
}
