namespace EbpfLb.Bpf;

/// <summary>Probes by creating maps. Each answers null when it works, else the reason.</summary>
internal static class MapProbe
{
    public static string? TryCreate(MapSpec spec)
    {
        try
        {
            BpfMap.Create(spec).Dispose();
            return null;
        }
        catch (BpfException e)
        {
            return $"creating a {spec.Type} map: {e.ErrnoName}";
        }
    }

    public static unsafe string? Batch()
    {
        try
        {
            using var map = BpfMap.Create(new MapSpec("lb_probe", MapType.Hash, 4, 4, 2));
            return BatchReader.TryRead(map, sizeof(uint), 2, (_, _, _) => { }) ? null : "reading a Hash map by batches: EINVAL";
        }
        catch (BpfException e)
        {
            return $"reading a Hash map by batches: {e.ErrnoName}";
        }
    }
}
