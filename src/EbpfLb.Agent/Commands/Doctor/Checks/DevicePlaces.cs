using EbpfLb.Bpf;
using EbpfLb.Datapath.Attach;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;
using EbpfLb.Netlink.TrafficControl;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>Where programs can be at a device, and which are there, in the order in which they run.</summary>
internal sealed class DevicePlaces : IDisposable
{
    public const string Xdp = "XDP";

    private readonly ClsactClient clsact = ClsactClient.Open();
    private readonly ILookup<int, XdpAttachment> xdp;
    private readonly bool hasTcx;

    private DevicePlaces()
    {
        using (var reader = NetworkReader.Open()) xdp = reader.ReadXdp().ToLookup(a => a.Index);
        hasTcx = KernelFeatures.HasTcx();
    }

    /// <exception cref="NetlinkException">They cannot be read.</exception>
    public static DevicePlaces Open() => new();

    /// <summary>Those with programs; none of a device that is gone.</summary>
    public IReadOnlyList<(string Place, List<uint> Programs)> At(int device)
    {
        List<(string, List<uint>)> places = [];
        Add(Xdp, [.. xdp[device].SelectMany(a => a.Programs)]);
        foreach (var direction in Enum.GetValues<TcDirection>())
        {
            var name = direction.ToString().ToLowerInvariant();
            try
            {
                if (hasTcx) Add($"TCX {name}", [.. BpfLink.TcxProgramIds(device, direction == TcDirection.Ingress)]);
                if (clsact.Find(device) is { Kind: ClsactClient.Clsact })
                    Add(Clsact(direction), [.. clsact.Filters(device, direction).Where(f => f.ProgramId != 0).OrderBy(f => f.Priority)
                        .Select(f => f.ProgramId)]);
            }
            catch (BpfException e) when (e.Errno == Errno.ENODEV)
            {
                return places;
            }
            catch (NetlinkException e) when (e.Errno == NetlinkErrno.ENODEV)
            {
                return places;
            }
        }
        return places;

        void Add(string place, List<uint> programs)
        {
            if (programs.Count > 0) places.Add((place, programs));
        }
    }

    /// <summary>
    /// What is at clsact without being a program (u32, flower, matchall ...): each kind and priority once, and whether a program of
    /// <paramref name="own"/> is behind it. None of a device that is gone.
    /// </summary>
    public IReadOnlyList<(string Place, string Filter, bool IsBefore)> FiltersAt(int device, IReadOnlySet<uint> own)
    {
        try
        {
            if (clsact.Find(device) is not { Kind: ClsactClient.Clsact }) return [];
            return
            [
                .. from direction in Enum.GetValues<TcDirection>()
                   let filters = clsact.Filters(device, direction)
                   let ours = filters.Where(f => own.Contains(f.ProgramId)).Select(f => (int)f.Priority).DefaultIfEmpty(0).Min()
                   from filter in filters.Where(f => f.ProgramId == 0).DistinctBy(f => (f.Kind, f.Priority)).OrderBy(f => f.Priority)
                   select (Clsact(direction), $"a {filter.Kind} filter (pref {filter.Priority})", filter.Priority < ours),
            ];
        }
        catch (NetlinkException e) when (e.Errno == NetlinkErrno.ENODEV)
        {
            return [];
        }
    }

    private static string Clsact(TcDirection direction) => $"clsact {direction.ToString().ToLowerInvariant()}";

    /// <summary>Of a program that <see cref="At"/> has at <see cref="Xdp"/>.</summary>
    public OtherXdp XdpOf(Link device, uint program)
        => OtherXdp.Of(device.Name, program, xdp[device.Index].First(a => a.Programs.Contains(program)));

    public void Dispose() => clsact.Dispose();
}
