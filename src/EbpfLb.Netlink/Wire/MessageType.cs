namespace EbpfLb.Netlink.Wire;

/// <summary>nlmsg_type: NLMSG_... and RTM_... of linux/netlink.h and linux/rtnetlink.h.</summary>
internal enum MessageType : ushort
{
    Error = 2,
    Done = 3,
    NewLink = 16,
    DeleteLink = 17,
    GetLink = 18,
    NewAddress = 20,
    DeleteAddress = 21,
    GetAddress = 22,
    NewRoute = 24,
    DeleteRoute = 25,
    GetRoute = 26,
    NewQdisc = 36,
    DeleteQdisc = 37,
    GetQdisc = 38,
    NewFilter = 44,
    DeleteFilter = 45,
    GetFilter = 46,
}

/// <summary>nlmsg_flags: NLM_F_... of linux/netlink.h.</summary>
[Flags]
internal enum MessageFlags : ushort
{
    None = 0,
    Request = 0x1,
    Ack = 0x4,

    /// <summary>Who asks is told as those are who listen.</summary>
    Echo = 0x8,
    DumpInterrupted = 0x10,
    Replace = 0x100,
    Exclusive = 0x200,
    Create = 0x400,

    /// <summary>ROOT and MATCH: the whole table.</summary>
    Dump = 0x300,
}
