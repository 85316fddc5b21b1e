using System.Runtime.CompilerServices;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Services;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Handover;

/// <summary>
/// Puts our programs in the place of another release's whose maps we cannot go on with, so that no packet and no socket meets a program
/// that does not know of it: programs that go on to those of before are put at all hooks; then, by one write, they go on to ours, and bring
/// along what only the maps of before know (bpf/switch). When all else was brought along too, ours take their places. A packet sees the
/// programs of before or ours, never both.
/// </summary>
internal sealed class Switchover : IDisposable
{
    private const string SocketsAtRest = "sw_sockets", Take = "lb_take";

    private readonly MapSet maps;
    private readonly SwitchPrograms? packets;
    private readonly SwitchPrograms? sockets;
    private readonly BpfLink? socketsAtRest;

    private Switchover(MapSet maps)
    {
        this.maps = maps;
        if (maps.Outgrown.ContainsKey(Abi.Tables.Conntrack4.Name) || maps.Outgrown.ContainsKey(Abi.Tables.Conntrack6.Name))
            packets = SwitchPrograms.Load(SwitchObject.Packets, maps, ConfigurePackets);
        try
        {
            if (!maps.Outgrown.TryGetValue(Abi.Tables.Sock.Name, out var outgrown)) return;
            sockets = SwitchPrograms.Load(SwitchObject.Sockets, maps, bpf => ConfigureSockets(bpf, outgrown));
            using var iterator = SwitchObject.Load(SwitchObject.SocketsAtRest, maps, bpf => ConfigureSockets(bpf, outgrown));
            using var program = iterator.OpenProgram(SocketsAtRest);
            socketsAtRest = BpfLink.AttachIterator(program, outgrown.Map);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Brings a flow along, by one of its keys; null: flows go on in their maps.</summary>
    public Action<FlowKey>? TakeFlow => packets?.For(Take) is { } program ? key =>
    {
        var flow = SwitchedFlow.Of(key);
        program.Call(ref flow);
    } : null;

    /// <summary>Flows are to be brought along.</summary>
    public bool MovesFlows => packets is not null;

    /// <summary>Null: nothing is to be brought along, or the kernel does not let us; then programs are replaced one by one.</summary>
    public static Switchover? TryOpen(MapSet maps, ILogger logger)
    {
        if (maps.Outgrown.Count == 0) return null;
        try
        {
            if (maps.Outgrown.Values.All(SwitchObject.Fits)) return new Switchover(maps);
            Log.NoSwitchover(logger, "an element is larger than programs can follow");
        }
        catch (BpfException e)
        {
            Log.NoSwitchover(logger, e.Summary);
        }
        return null;
    }

    /// <summary>Puts the programs in between at all hooks. Nothing else changes by that.</summary>
    /// <exception cref="BpfException">A hook could not be taken.</exception>
    public void Attach(
        SocketAttacher hooks, DeviceAttacher devices, IReadOnlyList<DeviceDecision> wanted, LoadedProgram ours, InstancePaths paths)
    {
        var left = new LeftLayers();
        if (packets is not null)
        {
            packets.Lead(devices.Present(wanted), name => ours[name], left, paths);
            devices.Attach(wanted, name => packets.For(name)!);
        }
        if (sockets is not null)
        {
            sockets.Lead(hooks.Present(), name => ours[name], left, paths);
            hooks.Attach(name => sockets.For(name) ?? ours[name]);
        }
        left.Remove(paths);
    }

    /// <summary>Pins what says whether <see cref="Flip"/> was done.</summary>
    public void PinModes(Func<string, string> path)
    {
        packets?.PinMode(path("packets"));
        sockets?.PinMode(path("sockets"));
    }

    /// <summary>From now on packets and sockets are ours.</summary>
    public void Flip()
    {
        packets?.Flip();
        sockets?.Flip();
    }

    /// <summary>
    /// Brings along what sockets remember that nobody touches. Of more than a million one pass leaves some out, as the kernel interrupts it
    /// and then skips as many as are gone since.
    /// </summary>
    public void TakeSockets()
    {
        if (socketsAtRest is not null) BpfIterator.ReadAll<byte>(socketsAtRest);
    }

    /// <summary>Waits until no program of before runs any more.</summary>
    public static void WaitForThoseBefore() => new KernelGracePeriod().WaitAsync(CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>After the programs in between were replaced everywhere: what they go on to loses its names, and with them what it holds,
    /// so those that run still are let go on first.</summary>
    public static void RemoveTargets(InstancePaths paths)
    {
        if (!Directory.Exists(paths.Switch)) return;
        WaitForThoseBefore();
        InterruptedHandover.Forget(paths);
        foreach (var pin in Directory.GetFiles(paths.Switch)) Pin.Remove(pin);
        Directory.Delete(paths.Switch);
    }

    public void Dispose()
    {
        packets?.Dispose();
        sockets?.Dispose();
        socketsAtRest?.Dispose();
    }

    private void ConfigurePackets(BpfObject bpf)
    {
        Configure<LbCt4>(Abi.Tables.Conntrack4, '4');
        Configure<LbCt6>(Abi.Tables.Conntrack6, '6');

        void Configure<TValue>(Table table, char family)
            where TValue : unmanaged
        {
            if (!maps.Outgrown.TryGetValue(table.Name, out var outgrown)) return;
            bpf.Map($"lb_was{family}").ReuseOfAnySize(outgrown.Map);
            bpf.Knobs.Set($"cfg_was{family}", [1]);
            bpf.Knobs.Set($"cfg_key{family}", outgrown.KeyPlaces(SwitchObject.KeyBytes));
            bpf.Knobs.Set($"cfg_value{family}", outgrown.ValuePlaces(Unsafe.SizeOf<TValue>()));
        }
    }

    private static void ConfigureSockets(BpfObject bpf, OldMap outgrown)
    {
        bpf.Map("lb_sock_was").ReuseOfAnySize(outgrown.Map);
        bpf.Knobs.Set("cfg_sock", outgrown.ValuePlaces(Unsafe.SizeOf<LbSock>()));
    }
}
