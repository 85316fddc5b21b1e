using System.Net;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Probes;

/// <summary>The server of a backend pod: small HTTP and UDP echo that answer with a name, in both families.</summary>
public sealed class PodServer : IDisposable
{
    private readonly ChildProcess process;

    private PodServer(ChildProcess process)
    {
        this.process = process;
    }

    /// <summary>Serves ports such as "8080" or "8080,9000-9063"; returns when they are bound.</summary>
    /// <param name="place">Where it runs.</param>
    /// <param name="name">What it answers.</param>
    /// <param name="tcp">Ports of TCP.</param>
    /// <param name="udp">Ports of UDP.</param>
    /// <param name="showPort">Answer "NAME/PORT", so that a client can tell services apart that share a pod.</param>
    /// <param name="showClient">Answer "NAME@ADDRESS" with the client's address as the server sees it.</param>
    /// <param name="at">The one address that it is bound to; null: all of them.</param>
    /// <param name="backlog">Of listen(): null: 4096.</param>
    public static PodServer Start(
        ProcessPlace place, string name, string tcp, string udp, bool showPort = false, bool showClient = false, IPAddress? at = null,
        int? backlog = null)
    {
        var server = ChildProcess.Start(
            place,
            [RepositoryPaths.Netprobe, "serve", $"name={name}", $"tcp={tcp}", $"udp={udp}", $"show-port={(showPort ? 1 : 0)}",
                $"show-client={(showClient ? 1 : 0)}", "follow=1", .. at is null ? (string[])[] : [$"at={at}"],
                .. backlog is null ? (string[])[] : [$"backlog={backlog}"]]);
        var answer = ProbeAnswer.Parse(server.ReadLine());
        if (answer.Ok)
            return new PodServer(server);
        server.Dispose();
        throw new InvalidOperationException($"the server {name} did not start: {answer}");
    }

    /// <summary>Ends the server at once, as a killed pod does.</summary>
    public void Dispose() => process.Dispose();
}
