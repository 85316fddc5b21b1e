using System.Net.Sockets;
using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Handover;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Tests.StaleSockets;
using EbpfLb.Planning;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Datapath.Tests.Handover;

/// <summary>
/// Programs in between at the sockets' hooks of a lab, as an agent has them there within a switchover, or leaves them when it is killed:
/// before them are the lab's programs. Some sockets are remembered in the lb_sock of another release (bpf/unit/layout.unit.bpf.c).
/// </summary>
internal sealed class SwitchedLab : IDisposable
{
    private readonly InstancePaths paths;
    private readonly BpfMap<int, OtherSock> before;
    private readonly LoadedProgram loaded;
    private readonly BpfMap<int, LbSock> ours;
    private readonly SocketAttacher hooks;
    private readonly DeviceAttacher devices;

    /// <param name="sockets">What the lab's programs remember of them is in the map of before.</param>
    public SwitchedLab(StaleLab lab, params Socket[] sockets)
        : this(lab, lab.Instance.Options.Sizes!, sockets)
    {
    }

    /// <param name="sizes">Of the new maps.</param>
    public SwitchedLab(StaleLab lab, MapSizes sizes, params Socket[] sockets)
    {
        var options = lab.Instance.Options;
        paths = new InstancePaths(BpfFs.MountPoint, options.Instance);
        using (var release = BpfObject.Open(
            File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", "layout.unit.bpf.o"))))
        {
            release.Load();
            before = release.OpenMap<int, OtherSock>(Abi.Tables.Sock.Name);
        }
        foreach (var socket in sockets) before.Update((int)socket.Handle, OtherSock.Of(SockOf(lab, socket)));
        Pin.Replace(before.Untyped.Fd, paths.Map(Abi.Tables.Sock.Name));

        var logs = new LineLogs(lab.Instance.Log);
        loaded = ProgramLoader.LoadMaps(paths, sizes, options, logs);
        ours = new BpfMap<int, LbSock>(loaded.Maps.Take(Abi.Tables.Sock));
        Switchover = Assert.IsType<Switchover>(Switchover.TryOpen(loaded.Maps, logs));
        hooks = new SocketAttacher(paths, options.CgroupRoot!);
        devices = DeviceAttacher.Create(TcAttachMode.Auto, paths);
    }

    public Switchover Switchover { get; }

    /// <summary>What the lab's own programs remember of a socket.</summary>
    public static LbSock SockOf(StaleLab lab, Socket socket)
    {
        using var map = BpfMap.OpenPinned<int, LbSock>(
            new InstancePaths(BpfFs.MountPoint, lab.Instance.Options.Instance).Map(Abi.Tables.Sock.Name));
        return map.Lookup((int)socket.Handle);
    }

    public InstancePaths Paths => paths;

    /// <summary>Sockets go over to our programs, by those in between.</summary>
    /// <param name="hasRecorded">What an agent has to know that comes after this one.</param>
    public void Flip(bool hasRecorded = false)
    {
        Switchover.Attach(hooks, devices, [], loaded, paths);
        if (hasRecorded) InterruptedHandover.Record(paths, loaded.Maps, Switchover);
        Switchover.Flip();
    }

    /// <summary>What our map has of a socket; null: nothing.</summary>
    public LbSock? Of(Socket socket) => ours.TryLookup((int)socket.Handle, out var value) ? value : null;

    public void Remember(Socket socket, LbSock value) => ours.Update((int)socket.Handle, value);

    public bool IsInMapOfBefore(Socket socket) => before.TryLookup((int)socket.Handle, out _);

    public void Dispose()
    {
        Switchover.Dispose();
        hooks.Dispose();
        devices.Dispose();
        ours.Dispose();
        loaded.Dispose();
        before.Dispose();
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct OtherSock
    {
        public uint Spare;
        public LbAddr Backend;
        public LbAddr Frontend;
        public uint ServiceId;
        public uint BackendId;
        public ushort Many;
        public ushort Kind;

        public static OtherSock Of(in LbSock sock) => new()
        {
            Backend = sock.Backend, Frontend = sock.Frontend, ServiceId = sock.ServiceId, BackendId = sock.BackendId, Many = sock.Many,
            Kind = sock.Kind,
        };
    }
}
