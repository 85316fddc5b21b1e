using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Testing.Packets;

namespace EbpfLb.Datapath.Tests.Packets.Fuzz;

/// <summary>What must be true of whatever leaves, judged by parser and sums of the tests.</summary>
internal static class Invariants
{
    /// <summary>Null: nothing is wrong.</summary>
    /// <param name="hook">Where it was.</param>
    /// <param name="before">As it came.</param>
    /// <param name="result">As it left.</param>
    /// <param name="answered">The program says that it made an answer of it.</param>
    /// <param name="flows">The entries there are now.</param>
    public static string? Broken(LbCtHook hook, byte[] before, PacketResult result, bool answered, Func<IEnumerable<FlowEntry>> flows)
    {
        if (!Enum.IsDefined(result.Verdict)) return $"unknown verdict {(int)result.Verdict}";
        if (result.Verdict == Verdict.Drop) return null;
        var sent = PacketReader.Read(before);
        if (before.AsSpan().SequenceEqual(result.Packet))
        {
            return result.Verdict == Verdict.Pass || sent.Outer is { FragmentOffset: > 0 } ? null
                : "sent on by another way, but not translated";
        }
        if (sent.Outer is not { } ip) return "changed, and it is no IP packet";
        var after = PacketReader.Read(result.Packet);
        if (answered) return Answer(sent, after, result.Verdict);
        // A priority tag is taken off what is sent on.
        if (result.Verdict == Verdict.Redirect && result.Packet.Length == before.Length - 4 && before[12] == 0x81)
        {
            before = [.. before[..12], .. before[16..]];
            sent = PacketReader.Read(before);
            ip = sent.Ip;
        }
        if (before.Length != result.Packet.Length) return "another length";
        return Translated(hook, sent, after, ip, result.Verdict, flows());
    }

    /// <summary>Entries without their other one.</summary>
    public static IEnumerable<FlowEntry> Single(IReadOnlyList<FlowEntry> entries)
    {
        var byKey = entries.ToDictionary(e => (e.Hook, e.Protocol, e.Source, e.Destination));
        return entries.Where(e =>
        {
            var hook = e.Flags.HasFlag(LbCtFlag.Snat) ? e.Hook : e.Hook ^ LbCtHook.Egress;
            return !byKey.TryGetValue((hook, e.Protocol, e.ToDestination, e.ToSource), out var other) || !e.IsSiblingOf(other);
        });
    }

    private static string? Answer(ParsedPacket sent, ParsedPacket after, Verdict verdict)
    {
        if (verdict != Verdict.Redirect) return "an answer that is not sent back";
        if (after.Outer is not { } ip) return "an answer that is no IP packet";
        if (!ip.Destination.Address.Equals(sent.Ip.Source.Address)) return "an answer to somebody else";
        var wrong = PacketVerifier.Checksums(after).Where(c
            => c.IsWrong && !c.Name.StartsWith("inner.", StringComparison.Ordinal)).ToArray();
        return wrong.Length == 0 ? null : $"an answer with {string.Join(", ", wrong)}";
    }

    private static string? Translated(
        LbCtHook hook, ParsedPacket sent, ParsedPacket after, ParsedIp ip, Verdict verdict, IEnumerable<FlowEntry> flows)
    {
        if (after.Outer is not { } became) return "no IP packet any more";
        foreach (var name in PacketDifference.Names(sent.Bytes, after.Bytes))
        {
            if (!IsTranslatable(name)) return $"{name} changed";
        }
        var isError = sent.Inner is not null;
        var (from, to) = isError ? (Turned(sent.Inner!), Turned(after.Inner ?? became)) : (Ends(ip), Ends(became));
        var later = ip.FragmentOffset > 0;
        var entry = flows.FirstOrDefault(e =>
            e.Hook == hook && e.Protocol == (isError ? sent.Inner!.Protocol : ip.Protocol)
            && Same(e.Source, from.Source, later) && Same(e.Destination, from.Destination, later)
            && Same(e.ToSource, to.Source, later) && Same(e.ToDestination, to.Destination, later));
        if (entry is null) return "not as any flow says";
        var hops = Hops(sent) - Hops(after);
        var sentOn = hook == LbCtHook.Ingress && !entry.Flags.HasFlag(LbCtFlag.Stack) ? 1 : 0;
        if (hops != sentOn) return $"{hops} hops, on {entry}";
        if (sentOn == 1 && verdict != Verdict.Redirect) return $"not sent on, by {entry}";
        return Sums(sent, after);
    }

    private static string? Sums(ParsedPacket sent, ParsedPacket after)
    {
        var were = PacketVerifier.Checksums(sent);
        var are = PacketVerifier.Checksums(after);
        if (were.Count != are.Count) return "checksums came or went";
        foreach (var (was, now) in were.Zip(are))
        {
            if (was.Name != now.Name) return "other headers";
            if (was.Name == "inner.sctp.checksum") continue;
            // None stays none, also where IPv6 asks for one; of SCTP it is still to be computed by the device.
            if (was.Name is "udp.checksum" or "inner.udp.checksum" or "sctp.checksum" && was.Stored == 0)
            {
                if (now.Stored != 0) return $"a sum where was none: {now}";
                continue;
            }
            if (was.Error != now.Error) return $"{was} became {now}";
        }
        return null;
    }

    private static bool IsTranslatable(string name)
    {
        var last = name[(name.LastIndexOf('.') + 1)..];
        return last is "src" or "dst" or "sport" or "dport" or "checksum" or "ttl" or "hops"
            && !name.StartsWith("eth", StringComparison.Ordinal);
    }

    private static int Hops(ParsedPacket packet) => (int)packet.Number(packet.Ip.IsIpv6 ? "ipv6.hops" : "ipv4.ttl");

    private static (System.Net.IPEndPoint Source, System.Net.IPEndPoint Destination) Ends(ParsedIp ip) => (ip.Source, ip.Destination);

    private static (System.Net.IPEndPoint Source, System.Net.IPEndPoint Destination) Turned(ParsedIp ip) => (ip.Destination, ip.Source);

    private static bool Same(System.Net.IPEndPoint a, System.Net.IPEndPoint b, bool addressOnly) =>
        addressOnly ? a.Address.Equals(b.Address) : a.Equals(b);
}
