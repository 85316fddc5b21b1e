using EbpfLb.Agent.Control;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Attach;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>Programs at network devices: ours where they should be, and those of others at the same places.</summary>
internal static class DeviceChecks
{
    private const string Programs = "devices.programs", Company = "devices.others";

    public static IEnumerable<CheckResult> OfPrograms(DoctorFacts facts)
    {
        if (facts.NetworkHint is { } hint) return [CheckResult.NotKnown(Programs, "the agent's devices are not seen from here", hint)];
        using var places = DevicePlaces.Open();
        var (found, count) = facts.IsAgentAlive ? Told(facts.Status!, places) : Pinned(facts, places);
        if (found.Count > 0) return found;
        if (count > 0) return [CheckResult.Ok(Programs, $"{count} {(count == 1 ? "device has its" : "devices have their")} programs")];
        return [facts.IsAgentAlive
            ? CheckResult.Warning(Programs, "no device has programs: clients outside of this node are not served",
                $"`ebpflb status` says why each was left alone; name the devices of clients by {OptionNames.Devices}")
            : CheckResult.NotKnown(Programs, "no agent runs and none has left programs at devices")];
    }

    public static IEnumerable<CheckResult> OfOthers(DoctorFacts facts)
    {
        if (facts.NetworkHint is { } hint) return [CheckResult.NotKnown(Company, "the agent's devices are not seen from here", hint)];
        using var places = DevicePlaces.Open();
        var own = facts.ProgramsOfInstance.ToHashSet();
        List<CheckResult> found = [];
        var served = facts.ServedDevices;
        var below = facts.DevicesBelow;
        foreach (var device in served.Concat(below))
        {
            foreach (var (place, ids) in places.At(device.Index))
            {
                var ours = ids.FindIndex(own.Contains);
                foreach (var (id, index) in ids.Select((id, index) => (id, index)).Where(p => !own.Contains(p.id)))
                {
                    found.Add(place == DevicePlaces.Xdp ? Judge(places.XdpOf(device, id))
                        : Judge(device.Name, place, DoctorFacts.NameOf(id), isBefore: ours > index));
                }
            }
            found.AddRange(places.FiltersAt(device.Index, own).Select(f => Judge(device.Name, f.Place, f.Filter, f.IsBefore)));
        }
        var names = string.Join(", ", served.Concat(below).Select(d => d.Name));
        return found.Count > 0 ? found
            : [CheckResult.Ok(Company, names.Length == 0 ? "no device has or would have programs" : $"no program of others is at {names}")];
    }

    public static CheckResult Judge(OtherXdp program) => CheckResult.Warning(Company,
        $"{program.Device}: XDP program {program} of others sees packets first: those that it answers, drops or sends on reach no Service",
        $"{program.Removal} removes it, if it is not meant to be there; the agent's own XDP is not used on {program.Device} meanwhile");

    public static CheckResult Judge(string device, string place, string program, bool isBefore) => isBefore
        ? CheckResult.Warning(Company,
            $"{device}: {program} runs before ours at {place}: what it accepts or sends on reaches no Service",
            "nothing to do if it lets what it does not drop go on to the next one (a program by TCX_NEXT or TC_ACT_UNSPEC, a filter by "
                + "`continue` behind its last action); else have it attached again while the agent runs, behind ours")
        : CheckResult.Warning(Company, $"{device}: {program} is at {place} too, and sees packets as ours leave them",
            $"`bpftool net show dev {device}` and `tc filter show dev {device} ingress` show whose it is; nothing to do if it only counts "
                + $"or limits");

    /// <summary>Whether the programs that the agent says are there run there.</summary>
    private static (List<CheckResult> Found, int Count) Told(StatusReport status, DevicePlaces places)
    {
        List<CheckResult> found = [];
        var served = status.Devices.Where(d => d.Role != "none").ToList();
        foreach (var device in served)
        {
            if (device.Error is { } error)
                found.Add(CheckResult.Problem(Programs, $"{device.Name} has not all programs: {error}",
                    "see what the message says, then `ebpflb verify`"));
            var below = status.Devices.FirstOrDefault(d => d.Name == device.XdpAt)?.Index ?? device.Index;
            var there = places.At(device.Index).Concat(places.At(below)).SelectMany(p => p.Programs).ToHashSet();
            foreach (var (what, id) in new[] { ("ingress", device.IngressProgram), ("egress", device.EgressProgram), ("XDP",
                device.XdpProgram) })
            {
                if (id != 0 && !there.Contains(id))
                    found.Add(CheckResult.Problem(Programs, $"{device.Name} has lost its {what} program (id {id})",
                        "`ebpflb verify` puts it back; if it is lost again, see who removes it"));
            }
        }
        return (found, served.Count);
    }

    /// <summary>Whether what is pinned runs; without an agent nobody says which devices should have programs.</summary>
    private static (List<CheckResult> Found, int Count) Pinned(DoctorFacts facts, DevicePlaces places)
    {
        List<CheckResult> found = [];
        var links = Inventory.Links(facts.Kernel).Where(l => l.Info.Type is Bpf.LinkType.Tcx or Bpf.LinkType.Xdp).ToList();
        foreach (var link in links)
        {
            var index = (int)link.Info.InterfaceIndex;
            if (index == 0 || !places.At(index).Any(p => p.Programs.Contains(link.Info.ProgramId)))
                found.Add(CheckResult.Problem(Programs, $"{link.Pin} leads to a device that is gone, or does not run there",
                    "start the agent: it removes what is left and attaches what is missing"));
        }
        var devices = links.Select(l => l.Info.InterfaceIndex).Distinct().Count();
        var filters = Inventory.Filters(facts.Kernel).Where(f => f.Pin.StartsWith("clsact-", StringComparison.Ordinal)).ToList();
        return (found, devices + filters.Select(f => f.Pin.Split('-')[1]).Distinct().Count());
    }
}
