using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Bpf.Tests.Links;

/// <summary>A server of this process on loopback, and clients that connect to it from inside a cgroup.</summary>
internal sealed class Connector : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public Connector()
    {
        listener.Start();
        Port = (ushort)((IPEndPoint)listener.LocalEndpoint).Port;
        // A second port that is bound but does not listen: whoever connects there is refused, unless a hook sends them on.
        Reserved.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        DeadPort = (ushort)((IPEndPoint)Reserved.LocalEndPoint!).Port;
    }

    /// <summary>Where the server listens.</summary>
    public ushort Port { get; }

    /// <summary>Where nobody listens.</summary>
    public ushort DeadPort { get; }

    private Socket Reserved { get; } = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>A process inside the cgroup connects to the dead port; whether it got through, and what it said if not.</summary>
    public (bool Connected, string Said) ConnectFrom(string cgroup)
    {
        var start = new ProcessStartInfo(RepositoryPaths.Tool("bash")) { RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"echo $$ > {cgroup}/cgroup.procs && exec 3<>/dev/tcp/127.0.0.1/{DeadPort}");
        using var client = Process.Start(start)!;
        var said = client.StandardError.ReadToEnd();
        client.WaitForExit();
        return (client.ExitCode == 0, said);
    }

    public void Dispose()
    {
        Reserved.Dispose();
        listener.Dispose();
    }
}
