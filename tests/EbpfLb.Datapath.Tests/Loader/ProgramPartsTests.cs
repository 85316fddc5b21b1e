using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Loader;
using EbpfLb.Testing.Kernel;
using EbpfLb.Testing.Processes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.Datapath.Tests.Loader;

/// <summary>What a start has the kernel verify, and what waits until a device needs it.</summary>
public sealed class ProgramPartsTests : IDisposable
{
    private readonly TestInstance instance = new();

    public void Dispose() => instance.Dispose();

    [Fact]
    public void A_start_loads_all_programs_but_those_for_devices_without_a_link_header()
    {
        using var loaded = LoadMaps();
        Parallel.Invoke([.. loaded.Parts]);
        var started = KernelTime();

        string[] all = [.. SocketHook.All.Select(h => h.Program), .. TcProgram.All];
        var late = all.Where(name => loaded[name].Info.LoadedNanoseconds > started).Order().ToList();

        Assert.Equal(["lb_in_l3", "lb_out_l3"], late);
    }

    [Fact]
    public void Programs_of_all_parts_share_the_maps()
    {
        using var loaded = LoadMaps();
        Parallel.Invoke([.. loaded.Parts]);

        string[] all = [.. SocketHook.All.Select(h => h.Program), .. TcProgram.All];
        // Packets and what leads somewhere; what translates back.
        uint[] ours = [loaded.Maps.All[Abi.Tables.Settings.Name].Info.Id, loaded.Maps.All[Abi.Tables.Sock.Name].Info.Id];

        Assert.All(all, name => Assert.True(ProgramMaps.IdsOf(loaded[name].Fd).Intersect(ours).Any(), name));
    }

    [Fact]
    public void Only_programs_of_packets_have_all_types_of_the_kernel_read()
    {
        var lines = new List<string>();
        using var loaded = ProgramLoader.LoadMaps(
            Places.Prepare(instance.Options), instance.Options.Sizes!, instance.Options, new LineLogs(lines, LogLevel.Debug));
        bool HasRead() => lines.Any(l => l.Contains("loading kernel BTF", StringComparison.Ordinal));

        Assert.All(SocketHook.All, h => Assert.NotEqual(0u, loaded[h.Program].Id));
        Assert.False(HasRead());

        Assert.NotEqual(0u, loaded["lb_out"].Id);
        Assert.Equal(KernelFeatures.HasConntrackLookup(), HasRead());
    }

    [Fact]
    public void A_late_program_is_loaded_once()
    {
        using var loaded = LoadMaps();

        Assert.Equal(loaded["lb_in_l3"].Id, loaded["lb_in_l3"].Id);
    }

    [Fact]
    public void A_program_that_does_not_exist_is_named()
    {
        using var loaded = LoadMaps();

        Assert.Contains("lb_nosuch", Assert.Throws<BpfException>(() => loaded["lb_nosuch"]).Message);
    }

    private LoadedProgram LoadMaps()
        => ProgramLoader.LoadMaps(Places.Prepare(instance.Options), instance.Options.Sizes!, instance.Options, NullLogger.Instance);

    /// <summary>Nanoseconds since boot, by what the kernel says of a program that is loaded now.</summary>
    private static ulong KernelTime()
    {
        using var bpf = BpfObject.Open(File.ReadAllBytes(Path.Combine(RepositoryPaths.Root, "build", "bpf", "unit", "devices.unit.bpf.o")));
        bpf.Load();
        using var program = bpf.OpenProgram(bpf.Programs.Keys.First());
        return program.Info.LoadedNanoseconds;
    }
}
