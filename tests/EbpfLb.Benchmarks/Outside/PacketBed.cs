using System.Globalization;
using System.Net.NetworkInformation;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.Benchmarks.Outside;

/// <summary>
/// wire - node: a cable of each node, whose other end sends datagrams to its NodePort and gets what it forwards to a backend elsewhere.
/// What comes back is for a link address that nobody has there: it is counted and dropped. The node's packets are done by a kernel thread
/// (threaded NAPI), not on the generator's CPU as is usual between namespaces; what that thread runs is what packets cost.
/// </summary>
internal sealed class PacketBed : IDisposable
{
    /// <summary>Established flows; as many as `netprobe flood` takes frames.</summary>
    private const int Flows = 64;

    private const string Client = "198.51.100.2";
    private const string Backend = "10.244.99.10";
    private const int BackendPort = 8080;
    private const int FirstPort = 20_000;
    private const int FirstNewPort = 21_000;

    /// <summary>64 bytes on a wire, where 4 of checksum follow: 18 behind the headers of Ethernet, IPv4 and UDP.</summary>
    private const int PayloadBytes = 18;

    private const string GeneratorCpu = "0";
    private const string NodeCpu = "1";

    private static readonly PhysicalAddress Gateway = PhysicalAddress.Parse("02-00-00-00-00-99");
    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly ScratchNetns wire = ScratchNetns.Create();
    private readonly Dictionary<string, Cable> cables = [];

    public PacketBed(IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            var node = topology.AddNode(name);
            // Kernel threads have the device in their name.
            var device = string.Create(CultureInfo.InvariantCulture, $"w{Environment.ProcessId % 100_000}x{node.Index}");
            node.Configure(
                $"link add {device} type veth peer name {device} netns {wire.Name}", $"addr del {node.IPv4}/32 dev lo",
                $"link set {device} up", $"addr add {node.IPv4}/24 dev {device}",
                $"neigh add 172.18.0.254 lladdr {Text(Gateway)} nud permanent dev {device}",
                $"route add default via 172.18.0.254 dev {device}");
            wire.Configure($"link set {device} up");
            // With GRO, a veth's end has NAPI for what comes from a device without TSO, and takes frames of XDP programs.
            Offloads.NoChecksums(wire.Path, device);
            Offloads.Receive(node.Place.NetnsPath!, device);
            Offloads.Receive(wire.Path, device);
            NetnsThread.Run(node.Place.NetnsPath!, () => File.WriteAllText("/proc/sys/net/ipv4/conf/all/send_redirects", "0"));
            cables.Add(name, new Cable(new Peer(name, node), device, Packet(name, node, device)));
        }
    }

    public Peer this[string name] => cables[name].Peer;

    /// <summary>Programs the node and opens the flows, to each of which the backend answers.</summary>
    /// <exception cref="TimeoutException">Not all were forwarded.</exception>
    public void Open(string name)
    {
        var (peer, device, _) = cables[name];
        peer.Program(peer.Services, $"{Backend}:{BackendPort}", "elsewhere", "udp");
        // "ip netns exec" has the namespace's own /sys.
        Bed.Call("ip", "netns", "exec", peer.Node.Netns, "sh", "-c", $"echo 1 > /sys/class/net/{device}/threaded");
        var threads = Eventually.Get(() => Threads(device).ToList(), found => found.Count > 0, $"the thread of {device}");
        foreach (var thread in threads) Bed.Call("taskset", "-p", "-c", NodeCpu, Path.GetFileName(thread));
        if (name == "drop") return;
        using var capture = new FrameCapture(wire.Path);
        var forwarded = Eventually.Get(() =>
        {
            // Each flow twice.
            Send(name, milliseconds: 5, rate: 2 * Flows * 200);
            return capture.Frames().Where(IsForwarded).DistinctBy(frame => (frame[34] << 8) | frame[35]).Take(Flows).ToList();
        }, frames => frames.Count == Flows, $"{Flows} flows to be forwarded by {name}: {peer.Log}");
        using var answers = new Flood(
            new ProcessPlace(wire.Path, null), $"device={device} ports=0 count={Flows}", [.. forwarded.Select(Answer)]);
        answers.Wait();
    }

    /// <summary>Sends for a time.</summary>
    /// <param name="name">To whom.</param>
    /// <param name="milliseconds">How long.</param>
    /// <param name="rate">A second; 0: as fast as it goes.</param>
    /// <returns>
    /// Frames that were sent, frames that came back (that the node received where it drops them), in so many seconds, and nanoseconds that
    /// the node's thread ran.
    /// </returns>
    public (long Offered, long Arrived, double Seconds, double CpuNanoseconds) Send(string name, int milliseconds, int rate = 0)
        => Send(name, FirstPort, $"flows={Flows} ms={milliseconds} rate={rate}", pause: 5);

    /// <summary>Sends the first datagrams of so many flows, as fast as it goes.</summary>
    /// <param name="name">To whom.</param>
    /// <param name="flows">How many.</param>
    /// <param name="round">From other ports than in another round.</param>
    /// <returns>Frames that came back, and nanoseconds that the node's thread ran.</returns>
    public (long Arrived, double CpuNanoseconds) SendNew(string name, int flows, int round)
    {
        // A slow node takes 0.2 ms for each of the 256 in the queue.
        var (_, arrived, _, cpu) = Send(name, FirstNewPort + (round * flows), $"flows={flows} count={flows} ms=5000", pause: 100);
        return (arrived, cpu);
    }

    private (long Offered, long Arrived, double Seconds, double CpuNanoseconds) Send(string name, int port, string options, int pause)
    {
        var (peer, device, packet) = cables[name];
        var where = name == "drop" ? peer.Node.Place.NetnsPath! : wire.Path;
        var (arrived, cpu) = (Received(where, device), CpuTime(device));
        var frame = Convert.ToHexString(packet.WithSource(packet.Source.Address, port).Build());
        var answer = Loadgen.Run(wire.Path, $"device={device} frame={frame} {options} cpu={GeneratorCpu}");
        // What is still in the queue of the device, 256 frames at most.
        Thread.Sleep(pause);
        var offered = answer.Number("sent") + answer.Number("refused");
        return (offered, Received(where, device) - arrived, answer.Number("us") / 1e6, CpuTime(device) - cpu);
    }

    public void Dispose()
    {
        foreach (var cable in cables.Values) cable.Peer.Dispose();
        wire.Dispose();
        topology.Dispose();
    }

    /// <summary>To the NodePort; to the backend itself where nobody forwards it; to another machine where it is to be dropped.</summary>
    private static PacketBuilder Packet(string name, NodeNetns node, string device)
    {
        var link = new LinkHeader(Gateway, NetnsThread.Run(node.Place.NetnsPath!, () =>
            NetworkInterface.GetAllNetworkInterfaces().Single(i => i.Name == device).GetPhysicalAddress()));
        var from = PacketBuilder.From(Client, FirstPort);
        if (name == "drop") link = link.Reversed;
        var packet = name is "none" or "drop" ? from.To(Backend, BackendPort) : from.To(node.IPv4, Peer.NodePort);
        return packet.Udp().Payload(PayloadBytes).Ethernet(link);
    }

    private static bool IsForwarded(byte[] frame) =>
        PacketReader.Read(frame).Outer?.Destination.Address.ToString() == Backend;

    /// <summary>Both ends change places, so no checksum does.</summary>
    private static byte[] Answer(byte[] frame) =>
        [.. frame[6..12], .. frame[..6], .. frame[12..26], .. frame[30..34], .. frame[26..30], .. frame[36..38], .. frame[34..36],
            .. frame[38..]];

    private static string Text(PhysicalAddress address) => BitConverter.ToString(address.GetAddressBytes()).Replace('-', ':');

    private static long Received(string netnsPath, string device) => NetnsThread.Run(netnsPath, () => long.Parse(
        File.ReadLines("/proc/thread-self/net/dev").First(line => line.TrimStart().StartsWith($"{device}:", StringComparison.Ordinal))
            .Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture));

    /// <summary>Nanoseconds that the kernel's threads of the device ran so far.</summary>
    private static double CpuTime(string device)
        => Threads(device).Sum(path => double.Parse(Read($"{path}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture));

    /// <summary>Their directories in /proc.</summary>
    private static IEnumerable<string> Threads(string device) => Directory.EnumerateDirectories("/proc")
        .Where(path => char.IsAsciiDigit(path[6]))
        .Where(path => Read($"{path}/comm").StartsWith($"napi/{device}-", StringComparison.Ordinal));

    /// <summary>"": the process ended meanwhile.</summary>
    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private sealed record Cable(Peer Peer, string Device, PacketBuilder Packet);
}
