using System.Text;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Planned;

namespace EbpfLb.Planning.Text;

/// <summary>A plan as a diff that people read and golden files hold: one line per operation, in the order of execution.</summary>
internal static class PlanText
{
    public static string Write(Plan plan)
    {
        var text = new StringBuilder();
        foreach (var write in plan.BackendWrites)
        {
            var service = $"service {write.Value.ServiceId}";
            Line(text, "1 backend", $"{write.Id} = {BackendCodec.Address(write.Value)} of {service}", plan, write.Group);
        }
        foreach (var write in plan.SlotWrites)
            Line(text, "2 slots", $"{write.Port.Range} = [{string.Join(' ', write.Port.BackendIds)}]", plan, write.Group);
        foreach (var update in plan.Updates)
        {
            var value = update.Value.GetValueOrDefault();
            var affinity = value.AffinitySec == 0 ? "" : $" affinity {value.AffinitySec}";
            var range = new SlotRange(value.Cluster.First, value.Cluster.Count);
            Line(text, "3 flip", $"{update.Key} -> service {value.Id} slots {range}{affinity}", plan, update.Group);
        }
        foreach (var delete in plan.Deletes) Line(text, "4 delete", delete.Key.ToString(), plan, delete.Group);
        foreach (var backend in plan.Unlive) Line(text, "5 unlive", $"backend {backend.Id}", plan, backend.Group);
        for (var group = 0; group < plan.Groups.Count; group++) WriteRetired(text, plan, group);
        foreach (var diagnostic in plan.Diagnostics) text.Append("! ").Append(diagnostic).Append('\n');
        return text.ToString();
    }

    private static void WriteRetired(StringBuilder text, Plan plan, int group)
    {
        foreach (var port in plan.Groups[group].Ports)
        {
            foreach (var id in port.RetiredBackends) Line(text, "6 retire", $"backend {id}", plan, group);
            foreach (var range in port.RetiredRanges) Line(text, "6 retire", $"slots {range}", plan, group);
            if (port.RetiresId) Line(text, "6 retire", $"service {port.Record.Id}", plan, group);
        }
    }

    private static void Line(StringBuilder text, string phase, string what, Plan plan, int group)
        => text.Append(phase.PadRight(10)).Append(what).Append("  # ").Append(plan.Groups[group].Service).Append('\n');
}
