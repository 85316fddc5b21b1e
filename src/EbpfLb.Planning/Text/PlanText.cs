using System.Text;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Inspection;
using EbpfLb.Planning.Plans;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Text;

/// <summary>A plan as a diff that people read and golden files hold: one line per operation, in the order of execution.</summary>
internal static class PlanText
{
    public static string Write(Plan plan)
    {
        var text = new StringBuilder();
        foreach (var write in plan.BackendWrites)
        {
            var lists = EntryText.Lists(BackendCodec.Lists(write.Value));
            Line(text, "1 backend", $"{write.Id} = {BackendCodec.Address(write.Value)} of service {write.Value.ServiceId}{lists}", plan,
                write.Group);
        }
        foreach (var write in plan.SlotWrites)
            Line(text, "2 slots", $"{write.List.Range} = "
                + $"[{(write.List.Range.IsMaglev ? "a Maglev table" : string.Join(' ', write.List.Ids))}]", plan, write.Group);
        foreach (var withdraw in plan.Withdrawn) Line(text, "2 delete", withdraw.Key.ToString(), plan, withdraw.Group);
        foreach (var allow in plan.Allowed) Line(text, "2 allow", allow.Key.ToString(), plan, allow.Group);
        foreach (var refuse in plan.Refused) Line(text, "2 refuse", refuse.Key.ToString(), plan, refuse.Group);
        foreach (var update in plan.Updates)
        {
            var value = update.Value.GetValueOrDefault();
            Line(text, "3 flip", $"{update.Key} -> service {value.Id}{EntryText.Of(value)}", plan, update.Group);
        }
        foreach (var delete in plan.Deletes) Line(text, "4 delete", delete.Key.ToString(), plan, delete.Group);
        foreach (var backend in plan.Unlisted)
        {
            var kept = (backend.Keep & BackendCodec.Stays) == BackendLists.None ? "" : $", but for {backend.Keep}";
            Line(text, "5 unlist", $"backend {backend.Id}{kept}", plan, backend.Group);
        }
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
            foreach (var key in port.RetiredSources) Line(text, "6 retire", $"source {key}", plan, group);
            if (port.RetiresId) Line(text, "6 retire", $"service {port.Record.Id}", plan, group);
        }
    }

    private static void Line(StringBuilder text, string phase, string what, Plan plan, int group)
        => text.Append(phase.PadRight(10)).Append(what).Append("  # ").Append(plan.Groups[group].Service).Append('\n');
}
