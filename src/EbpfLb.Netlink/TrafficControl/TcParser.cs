using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.TrafficControl;

/// <summary>RTM_NEWQDISC and RTM_NEWTFILTER (TCA_... of linux/rtnetlink.h and linux/pkt_cls.h).</summary>
internal static class TcParser
{
    private const int Kind = 1;
    private const int Options = 2;
    private const int BpfName = 7;
    private const int BpfId = 11;

    public static Qdisc? Qdisc(NetlinkMessage message)
    {
        var body = message.Body<TrafficControlBody>();
        var attributes = message.Attributes<TrafficControlBody>();
        while (attributes.MoveNext())
            if (attributes.Type == Kind) return new Qdisc(body.Index, attributes.Text, body.Handle);
        return null;
    }

    /// <summary>null for the head of a list of filters, which has no handle.</summary>
    public static TcFilter? Filter(NetlinkMessage message, TcDirection direction)
    {
        var body = message.Body<TrafficControlBody>();
        string kind = "", name = "";
        uint program = 0;
        var attributes = message.Attributes<TrafficControlBody>();
        while (attributes.MoveNext())
        {
            if (attributes.Type == Kind) kind = attributes.Text;
            else if (attributes.Type == Options) (name, program) = BpfOptions(attributes.Nested);
        }
        if (body.Handle == 0) return null;
        var isBpf = kind == "bpf";
        return new TcFilter(body.Index, direction, (ushort)(body.Info >> 16), body.Handle, kind, isBpf ? name : null, isBpf ? program : 0);
    }

    private static (string Name, uint Id) BpfOptions(AttributeReader options)
    {
        var name = "";
        uint id = 0;
        while (options.MoveNext())
        {
            if (options.Type == BpfName) name = options.Text;
            else if (options.Type == BpfId) id = options.Number;
        }
        return (name, id);
    }
}
