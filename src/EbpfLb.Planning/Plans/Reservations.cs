using EbpfLb.Planning.Mirrors;

namespace EbpfLb.Planning.Plans;

/// <summary>Ids and ranges that a plan took and that nothing was written to.</summary>
internal static class Reservations
{
    /// <summary>Gives back what the last plan took, if it was never applied.</summary>
    public static void Release(Mirror mirror)
    {
        if (mirror.Open is not { } plan) return;
        foreach (var port in plan.Ports) Release(mirror, port);
        mirror.Open = null;
    }

    public static void Release(Mirror mirror, PlannedPort port)
    {
        foreach (var id in port.NewBackends) mirror.BackendIds.Free(id);
        foreach (var range in port.NewRanges) mirror.TableOf(range).Free(range.First, range.Length);
        if (port.IsNew) mirror.ServiceIds.Free(port.Record.Id);
    }
}
