using EbpfLb.Planning.Mirrors;

namespace EbpfLb.Planning.Plans;

/// <summary>The plan for a service id that nobody wants any more.</summary>
internal static class PlannedRemoval
{
    public static PlannedPort Of(Mirror mirror, PortRecord record)
        => new(record, isNew: false, desired: null) { Leaving = record.BackendIds, RetiredSources = mirror.Sources.Alive(record.Id) };
}
